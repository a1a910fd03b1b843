"""How long a target goes unprobed, across invocations of the monitors; and what ten minutes of watching use up."""
