from quart import Blueprint

blueprint = Blueprint("pages", __name__)
