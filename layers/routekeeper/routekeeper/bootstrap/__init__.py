"""The one place where environment, clients, stores and clocks meet.

There is one file for each function, so that each imports only what it needs. Every `build()` runs once in a container,
when the handler's module is imported, and returns the function that Lambda's handler calls.
"""
