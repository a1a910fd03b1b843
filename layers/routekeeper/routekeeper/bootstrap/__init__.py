"""The one place where environment, clients, stores and clocks meet; a file a function, so that each imports its own.

Every `build()` runs once a container, when the handler's module is imported, and returns the function that Lambda's
handler calls.
"""
