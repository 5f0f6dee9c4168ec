"""The wish read by a language model: any service that speaks OpenAI's chat-completions dialect.

presets    the services and in what they differ        prompt   what a model is told
server     one service: which model, which form, the one retry     writing  one request, told as it streams
deltas     frames to text        trouble  what a failure means        answer   text to a closed schema
wish       the answer to an Intent           models   the services, in order
"""

from backend.pipelines.escape.sources.chat.answer import Answer, Date
from backend.pipelines.escape.sources.chat.models import ChatModels, chat_models_of
from backend.pipelines.escape.sources.chat.server import Understood
from backend.pipelines.escape.sources.chat.wish import intent_of, occurs

__all__ = ["Answer", "ChatModels", "Date", "Understood", "chat_models_of", "intent_of", "occurs"]
