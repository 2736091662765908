using FaaS.Infrastructure.Sandbox.Child;

// Started by the sandbox agent only: frames come in on standard input and go out on standard output.
return SandboxChild.Run();
