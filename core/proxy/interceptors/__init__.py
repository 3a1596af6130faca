"""The built-in interceptors, one file each; the file is named like the interceptor."""
