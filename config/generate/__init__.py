"""Any number of made-up hazards with whole histories, through bulk paths (docs/adr/0027)."""
