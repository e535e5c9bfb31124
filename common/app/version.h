// What --version says. The same as the project's version in CMakeLists.txt.
#ifndef PCN_APP_VERSION_H
#define PCN_APP_VERSION_H

#ifndef PCN_VERSION
#define PCN_VERSION "0.1.0"
#endif

#endif
