"""Holds the rules of variation against an implementation of its own at random places: probabilities as sums with sixty digits, statistics
from their definitions. Usage: variation.py PROBE"""
import math
import random
import statistics
import subprocess
import sys
from decimal import Decimal, getcontext

getcontext().prec = 60
SEED = 20261126
# Numbers of Bernoulli B2, B4, …, for Stirling's series.
BERNOULLI = [Decimal(a) / b for a, b in ((1, 6), (-1, 30), (1, 42), (-1, 30), (5, 66), (-691, 2730), (7, 6), (-3617, 510), (43867, 798),
                                         (-174611, 330), (854513, 138), (-236364091, 2730), (8553103, 6))]
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


def log_gamma(x):
    """By Stirling's series, far out, and back by Γ(x + 1) = x Γ(x)."""
    x, back = Decimal(x), Decimal(0)
    while x < 200:
        back += x.ln()
        x += 1
    series = sum(b / (2 * (k + 1) * (2 * k + 1) * x ** (2 * k + 1)) for k, b in enumerate(BERNOULLI))
    return (x - Decimal("0.5")) * x.ln() - x + (2 * PI).ln() / 2 + series - back


def gamma_below(a, x):
    """The probability that a gamma variable of shape a is below x: e^-x x^a Σ x^n ÷ Γ(a + n + 1)."""
    a, x = Decimal(a), Decimal(x)
    part = (a * x.ln() - x - log_gamma(a + 1)).exp()
    total, n = Decimal(0), 0
    while part > Decimal(10) ** -40 or n < x - a:
        total += part
        n += 1
        part *= x / (a + n)
    return total


def poisson_at_most(k, mean):
    mean = Decimal(mean)
    part = total = (-mean).exp()
    for i in range(1, k + 1):
        part *= mean / i
        total += part
    return total


def binomial_at_least(k, n, p):
    p = Decimal(p)
    return sum(math.comb(n, i) * p ** i * (1 - p) ** (n - i) for i in range(k, n + 1))


def spread(units):
    """φ and τ² from their definitions; percentiles by the inclusive method of Python's own library, which is R's seventh."""
    scores = [math.log((o or 0.5) / e) * math.sqrt(e) for o, e in units]
    if len(scores) > 1:
        cuts = statistics.quantiles(scores, n=10, method="inclusive")
        scores = [min(max(s, cuts[0]), cuts[-1]) for s in scores]
    squares = math.fsum(s * s for s in scores)
    weights = [e for _, e in units]
    n, total = len(units), math.fsum(weights)
    room = total - math.fsum(w * w for w in weights) / total
    return squares / n, max(0, (squares - (n - 1)) / room) if n > 1 else 0


class Checks:
    def __init__(self):
        self.questions, self.checks = [], []

    def ask(self, check, what, *numbers):
        self.questions.append(" ".join([what, *(repr(n) for n in numbers)]))
        self.checks.append(check)

    def run(self, probe):
        said = subprocess.run([probe], input="\n".join(self.questions) + "\n", capture_output=True, text=True, check=True, timeout=120).stdout
        answers = [[float(n) for n in line.split()] for line in said.splitlines()]
        if len(answers) != len(self.questions):
            sys.exit(f"{len(answers)} answers to {len(self.questions)} questions")
        wrong = 0
        for question, check, answer in zip(self.questions, self.checks, answers):
            for expected, found, tolerance in check(*answer):
                if not abs(float(found) - float(expected)) <= tolerance * abs(float(expected)):
                    wrong += 1
                    print(f"{question[:120]}: {found} is not {expected}")
        return len(self.questions), wrong


def add_quantiles(checks, chance):
    for _ in range(250):
        tail = chance.choice((0.001, 0.025, 0.975, 0.999))
        degrees = math.exp(chance.uniform(math.log(0.05), math.log(3000)))
        checks.ask(lambda x, tail=tail, degrees=degrees: [(tail, gamma_below(degrees / 2, x / 2), 1e-9)] if x > 0 else [], "chi", tail, degrees)
        a, b = chance.randint(1, 120), chance.randint(1, 120)
        checks.ask(lambda x, tail=tail, a=a, b=b: [(tail, binomial_at_least(a, a + b - 1, x), 1e-9)], "beta", tail, a, b)


def add_limits(checks, chance):
    for _ in range(200):
        tail = chance.choice((0.001, 0.025))
        whole = chance.randint(1, 900)
        # At a whole number the limits are those means of which so many, or more, and so many, or fewer, are seen with that probability.
        checks.ask(lambda low, high, tail=tail, n=whole: [(tail, 1 - poisson_at_most(n - 1, Decimal(low) * n), 1e-9),
                                                          (tail, poisson_at_most(n, Decimal(high) * n), 1e-9)], "funnel", tail, whole)
        observed, expected, z = chance.randint(0, 5000), math.exp(chance.uniform(-2, 9)), chance.choice((1.959964, 3.090232))

        def byar(low, high, o=observed, e=expected, z=z):
            root = 1 - 1 / (9 * o) - z / (3 * math.sqrt(o)) if o else 0
            more = o + 1
            return [(max(root, 0) ** 3 * o / e, low, 1e-12), (more * (1 - 1 / (9 * more) + z / (3 * math.sqrt(more))) ** 3 / e, high, 1e-12)]
        checks.ask(byar, "byar", z, observed, expected)


def add_changes(checks, chance):
    for _ in range(200):
        tail, before, now = chance.choice((0.001, 0.025)), chance.randint(1, 90), chance.randint(1, 90)
        e1, e2 = chance.uniform(0.1, 500), chance.uniform(0.1, 500)

        def check(ratio, low, high, tail=tail, before=before, now=now, e1=e1, e2=e2):
            # If the ratio were that limit, of all that were seen so many in the second period had that probability.
            share = [Decimal(r) * Decimal(e2) / (Decimal(r) * Decimal(e2) + Decimal(e1)) for r in (low, high)]
            return [(now / e2 / (before / e1), ratio, 1e-12), (tail, binomial_at_least(now, before + now, share[0]), 1e-9),
                    (tail, 1 - binomial_at_least(now + 1, before + now, share[1]), 1e-9)]
        checks.ask(check, "change", tail, before, e1, now, e2)


def add_spreads(checks, chance):
    for _ in range(150):
        wide = chance.uniform(0, 0.6)
        units = []
        for _ in range(chance.randint(1, 150)):
            expected = math.exp(chance.uniform(-1, 6))
            mean = expected * math.exp(chance.gauss(0, wide))
            units.append((max(0, round(chance.gauss(mean, math.sqrt(mean)))), expected))
        phi, tau2 = spread(units)
        # Where τ² is the small rest of two large numbers, the last digits are chance.
        checks.ask(lambda p, t, phi=phi, tau2=tau2: [(phi, p, 1e-11), (tau2, t, 1e-8)], "spread", *(n for unit in units for n in unit))


def main():
    chance = random.Random(SEED)
    checks = Checks()
    for add in (add_quantiles, add_limits, add_changes, add_spreads):
        add(checks, chance)
    asked, wrong = checks.run(sys.argv[1])
    print(f"{asked} questions, {wrong} answers wrong")
    sys.exit(1 if wrong else 0)


main()
