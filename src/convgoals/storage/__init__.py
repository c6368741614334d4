"""Where facts, the ledger and goals are kept: backends behind one protocol."""
