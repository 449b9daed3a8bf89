"""The public classes of imageZMQ 1.2 on framebus; programs import them as `from framebus import imagezmq`.

sender         ImageSender: what a program holds
request_reply  the sender that waits for replies     desk     the hub that gives them (REQ/REP)
casting        the sender that never waits           feeding  the hub that listens in (PUB/SUB)
image_hub      ImageHub: what a program holds
hub_address    finds out what kind of hub is at an address: `plain_hub` speaks imageZMQ to it, through shared memory
               where it is one of ours on this machine; `keyed` goes through a link, to one that has keys
"""
