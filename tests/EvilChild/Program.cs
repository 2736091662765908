using FaaS.Infrastructure.Sandbox.Child;
using FaaS.Infrastructure.Sandbox.Native;
using FaaS.Infrastructure.Sandbox.Walls;
using FaaS.Tests.EvilChild;

// Put in the place of the sandbox child (Sandbox:ChildPath): what a child could do to the worker, and to the machine, once
// somebody has broken out of the language and owns the process. It shuts itself in as the real one does, and runs nothing; the
// source it is given says what to try. With 'open' it stays as it was started, which shows that the walls are what stops it.
var (input, output) = Confinement.MoveProtocolAside();
var report = new WallReport();
if (args.Contains("open"))
{
    foreach (var wall in Enum.GetValues<Wall>()) report.Lacks(wall, "left open");
}
else
{
    Evil.Prepare();
    Probe.Prepare();
    Confinement.Apply();
    // SIGXFSZ: writing to a file would be the end of it before anything could be said.
    Libc.Ignore(25);
    report = Seal.Apply();
}
new Evil(new PipeStream(input), new PipeStream(output)).Serve(report);
