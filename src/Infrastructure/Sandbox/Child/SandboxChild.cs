using FaaS.Application.Worker;
using FaaS.Infrastructure.Sandbox.Native;
using FaaS.Infrastructure.Sandbox.Protocol;
using FaaS.Infrastructure.Sandbox.Runtime;
using Microsoft.Win32.SafeHandles;

namespace FaaS.Infrastructure.Sandbox.Child;

/// <summary>The whole of a sandbox child: confine itself, warm up, then run one invocation after another.</summary>
public static class SandboxChild
{
    /// <summary>Room for about as deep a recursion as V8 allows; only what is used becomes resident.</summary>
    private const int ScriptStackBytes = 16 << 20;

    /// <summary>Runs until the agent closes the pipe. Never returns in normal operation.</summary>
    public static int Run()
    {
        (SafeFileHandle input, SafeFileHandle output) = Confinement.MoveProtocolAside();
        Confinement.Apply();

        using var supervisor = new Supervisor(input);
        var outbox = new Outbox(new PipeStream(output), supervisor.Wake);
        var script = new Thread(
            () => Serve(new PipeStream(input), outbox, () => new JintRuntime(TimeProvider.System)), ScriptStackBytes)
        {
            IsBackground = true,
        };
        script.Start();
        supervisor.Watch(outbox);
        return 0;
    }

    /// <summary>The script thread. A bad frame, or anything else thrown here, ends the process.</summary>
    private static void Serve(Stream input, Outbox outbox, Func<IFunctionRuntime> create)
    {
        IFunctionRuntime runtime = create();
        Warmup.Run(runtime);
        outbox.Ready(Seal.Apply());
        ServeFrames(input, outbox, runtime);
        Libc.ExitNow(0);
    }

    /// <summary>Answers frames until the stream ends.</summary>
    internal static void ServeFrames(Stream input, Outbox outbox, IFunctionRuntime runtime)
    {
        var reader = new FrameReader(input, FrameLimits.RunBytesMax);
        while (reader.TryRead(out Frame frame))
        {
            RunFrame run = RunFrame.Parse(frame.Body);
            if (frame.Kind == FrameKind.Check)
            {
                SourceCheck check = runtime.Check(run.Source, run.Limits, out bool retire);
                outbox.Checked(check, retire);
                continue;
            }

            if (frame.Kind != FrameKind.Run) throw new BadFrameException($"A child takes no frame of kind {frame.Kind}.");
            foreach (ushort slot in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(run.Evicted))
                runtime.Forget(slot);
            outbox.Ended(runtime.Run(run, outbox));
            runtime.Release();
        }
    }
}
