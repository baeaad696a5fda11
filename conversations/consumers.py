"""What runs behind a page's socket."""

from tenants.feed import live
from tenants.sockets import Socket


async def inbox(socket: Socket) -> None:
    """Hand the hints of one tenant to one page; reads nothing of the tenant, stores nothing."""
    await live.hub.join(socket.schema_name, socket)
    try:
        await socket.listen()
    finally:
        await live.hub.leave(socket.schema_name, socket)
