// An MCP server of the revision 2026-07-28, made with the SDK of the protocol's authors, for mcp_servers_test.
//
//   node mcp_sdk_server.mjs PACKAGES stdio
//   node mcp_sdk_server.mjs PACKAGES http     on a port of its own, which it prints
//
// PACKAGES is the folder with node_modules in it. Clients with the older handshake are turned away.
import { createRequire } from 'node:module';
import { createServer } from 'node:http';

const [packages, way] = process.argv.slice(2);
const require = createRequire(packages + '/');
const { McpServer, createMcpHandler } = require('@modelcontextprotocol/server');
const z = require('zod');

const makeServer = () => {
  const server = new McpServer({ name: 'sdk', version: '2' }, { capabilities: { tools: { listChanged: true } } });
  server.registerTool(
    'add',
    {
      description: 'Adds two numbers.',
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      outputSchema: z.object({ sum: z.number() }),
    },
    async ({ a, b }) => ({ content: [{ type: 'text', text: `${a + b}` }], structuredContent: { sum: a + b } }),
  );
  server.registerTool('fail', { description: 'Fails.', inputSchema: z.object({}) }, async () => {
    throw new Error('it was meant to');
  });
  server.registerTool(
    'wait',
    { description: 'Waits.', inputSchema: z.object({ ms: z.number() }) },
    async ({ ms }) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return { content: [{ type: 'text', text: 'waited' }] };
    },
  );
  return server;
};

if (way === 'stdio') {
  const { serveStdio } = require('@modelcontextprotocol/server/stdio');
  serveStdio(makeServer, { legacy: 'reject' });
} else {
  const { toNodeHandler } = require('@modelcontextprotocol/node');
  const handler = toNodeHandler(createMcpHandler(makeServer, { legacy: 'reject' }));
  const listening = createServer((request, response) => void handler(request, response));
  listening.listen(0, '127.0.0.1', () => console.log(`listening on port ${listening.address().port}`));
}
