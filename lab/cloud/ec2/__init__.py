"""The emulated EC2: moto's, taught from the outside what routekeeper relies on and moto does not know.

Prefix-list references on transit gateways, which route of a transit gateway wins, routes that turn into black
holes, instances that take their time to stop and start, and the means to make calls fail on purpose.
"""
