"""Work between a source and a sink: map, gather, services, and objects that live elsewhere."""
