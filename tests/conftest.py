"""What holds for every test."""

from hypothesis import HealthCheck, settings

# How long an example takes to draw or to run says how busy the machine is, and nothing about the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("untimed"), max_examples=25)  # make test-unit
settings.load_profile("untimed")
