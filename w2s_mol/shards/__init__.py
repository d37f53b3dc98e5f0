"""Tables of any length, cut into numbered shards that whoever is free makes something of."""
