using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .add)],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "main")],
);

const add :Workerd.Worker = (
  modules = [(name = "add.mjs", esModule = embed "add.mjs")],
  compatibilityDate = "2025-01-01",
);
