"""Many small senders into one hub: the hubs, the senders and the board they share."""
