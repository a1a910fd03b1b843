"""MiniStack's process, corrected from the outside where it strays from AWS in what routekeeper relies on.

| MiniStack 1.5.33 does | AWS does | corrected in |
| --- | --- | --- |
| mixes an alarm's metric over all dimensions, ignores missing data, looks only when data arrive | | `alarms` |
| delivers all table streams one after the other, knows neither partial failures nor retry limits | | `streams` |
| counts errors of direct invocations only, and no queue lengths | | `service_metrics` |
| shows a function's output after its end only | within seconds | `function_output` |
| knows neither `dynamodb:LeadingKeys` nor `events:source` in policies | | `condition_keys` |
| looks at schedules every 10 s | to the minute | `entry` |

This package runs under MiniStack's interpreter, which has MiniStack's libraries and not the project's.
"""
