"""Where WebSub hubs tell us of news (W3C WebSub §5 and §7); `aggregator.collect.websub` decides."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from aggregator.collect import websub
from web import current
from web.security import csrf

blueprint = Blueprint("websub", __name__)


@blueprint.get("/websub/<token>")
def verify(token: str) -> ResponseReturnValue:
    """Tell a hub that we did ask for what it asks about: its challenge, as it came."""
    session = current.session()
    ours = websub.verify(
        session,
        token,
        mode=request.args.get("hub.mode", ""),
        topic=request.args.get("hub.topic", ""),
        lease_seconds=request.args.get("hub.lease_seconds"),
        now=current.now(),
    )
    session.commit()
    if not ours:
        raise NotFound
    challenge = request.args.get("hub.challenge", "")
    # Plain text: what a hub sends is no page of ours.
    return Response(challenge, mimetype="text/plain", headers={"Cache-Control": "no-store"})


@blueprint.post("/websub/<token>")
def receive(token: str) -> ResponseReturnValue:
    """Take a feed that a hub sends; its signature is all that counts."""
    # A longer body is cut here and left to the backup visit.
    request.max_content_length = None
    session = current.session()
    received = websub.receive(
        session,
        token,
        body=request.stream.read(websub.LARGEST + 1),
        content_type=request.content_type,
        signature=request.headers.get("X-Hub-Signature"),
        now=current.now(),
    )
    session.commit()
    if not received.is_known:
        raise NotFound
    return Response(status=202)


csrf.exempt(blueprint)
