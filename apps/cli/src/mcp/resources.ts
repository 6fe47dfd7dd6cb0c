import { SessionId } from "@baa/contracts";
import { type McpServer, ProtocolError, ProtocolErrorCode, ResourceTemplate } from "@modelcontextprotocol/server";
import { conversationText } from "./conversation.ts";
import type { ToolHost } from "./tool.ts";

const SESSIONS_LISTED = 50;
/** The latest turns; older ones are read by read_turn. */
const TURNS_SHOWN = 20;

const uriOf = (sessionId: string): string => `baa://sessions/${sessionId}`;

/** Sessions as resources: the conversation of each as one text. */
export const registerResources = (server: McpServer, { link }: ToolHost): void => {
  const template = new ResourceTemplate(uriOf("{sessionId}"), {
    list: async () => ({
      resources: await link.use(async ({ codex }) => {
        const { sessions } = await codex.listSessions({ query: { limit: SESSIONS_LISTED } });
        return sessions.map(({ id, title, cwd, updatedAt }) => ({
          uri: uriOf(id),
          name: title ?? id,
          description: `Conversation with Codex in ${cwd}`,
          mimeType: "text/markdown",
          annotations: { lastModified: updatedAt },
        }));
      }),
    }),
  });
  const about = {
    title: "Conversation of a session",
    description: `What was said in a session with Codex: its last ${TURNS_SHOWN} turns`,
    mimeType: "text/markdown",
  };
  server.registerResource("conversation", template, about, async (uri, variables) => ({
    contents: [
      { uri: uri.href, mimeType: "text/markdown", text: await readConversation(link, variables["sessionId"]) },
    ],
  }));
};

const readConversation = (link: ToolHost["link"], id: unknown): Promise<string> => {
  const parsed = SessionId.safeParse(id);
  if (!parsed.success) throw new ProtocolError(ProtocolErrorCode.InvalidParams, "the session id is not one of ours");
  return link.use(async ({ codex }) => {
    const params = { sessionId: parsed.data };
    const [{ session }, { turns }] = await Promise.all([
      codex.readSession({ params }),
      codex.listTurns({ params, query: { limit: TURNS_SHOWN } }),
    ]);
    const details = await Promise.all(
      turns.map(async ({ id: turnId }) => (await codex.readTurn({ params: { ...params, turnId } })).turn),
    );
    return conversationText(session, details.toReversed());
  });
};
