import net from "node:net";

/** A server that holds this port on loopback (0 = any), or undefined when somebody else has it. */
const hold = (port) =>
  new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });

/** Each of the ports that is free, and a free one in the place of every other. All are held until the last is found. */
export const pickPorts = async (wanted) => {
  const servers = [];
  for (const port of wanted) servers.push((await hold(port)) ?? (await hold(0)));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
};
