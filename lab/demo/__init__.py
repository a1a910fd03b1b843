"""The two stories, told live and measured from packets: a line that is cut, and a NAT instance that hangs."""
