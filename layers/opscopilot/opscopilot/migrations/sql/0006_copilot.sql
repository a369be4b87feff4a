-- Conversations, what was said, which tools ran, and one telemetry row per turn.
CREATE TABLE copilot.conversations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    user_id text NOT NULL,
    workspace text NOT NULL DEFAULT 'operations' CHECK (workspace IN
        ('operations', 'plantops', 'fsq', 'planning', 'brand', 'retail')),
    title text NOT NULL,
    context_vars jsonb NOT NULL DEFAULT '{}',
    turns integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX conversations_recent_ix ON copilot.conversations (tenant_id, user_id, last_at DESC, id);
SELECT platform.secure_table('copilot.conversations');

CREATE TABLE copilot.messages (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    conversation_id uuid NOT NULL,
    turn integer NOT NULL,
    role text NOT NULL CHECK (role IN ('user', 'assistant', 'tool', 'system')),
    content text NOT NULL,
    answer jsonb,
    model text,
    tokens_in integer NOT NULL DEFAULT 0,
    tokens_out integer NOT NULL DEFAULT 0,
    latency_ms integer,
    confidence numeric(5,2),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, conversation_id, turn, role),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES copilot.conversations (tenant_id, id) ON DELETE CASCADE
);
SELECT platform.secure_table('copilot.messages');

CREATE TABLE copilot.tool_calls (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    message_id uuid NOT NULL,
    position integer NOT NULL,
    tool text NOT NULL,
    args jsonb NOT NULL,
    status text NOT NULL CHECK (status IN ('ok', 'ambiguous', 'not_found', 'denied', 'not_ingested', 'stale', 'error')),
    result jsonb NOT NULL,
    rows integer NOT NULL DEFAULT 0,
    ms integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES copilot.messages (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX tool_calls_message_ix ON copilot.tool_calls (tenant_id, message_id, position);
SELECT platform.secure_table('copilot.tool_calls');

-- Kept after a conversation is deleted: counts and times, never what was asked.
CREATE TABLE copilot.telemetry_events (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    at timestamptz NOT NULL DEFAULT now(),
    user_id text NOT NULL,
    workspace text NOT NULL,
    mode text NOT NULL,
    outcome text NOT NULL,
    tools text[] NOT NULL,
    tokens_in integer NOT NULL DEFAULT 0,
    tokens_out integer NOT NULL DEFAULT 0,
    latency_ms integer NOT NULL,
    confidence numeric(5,2),
    PRIMARY KEY (tenant_id, id)
);
SELECT platform.secure_table('copilot.telemetry_events');
