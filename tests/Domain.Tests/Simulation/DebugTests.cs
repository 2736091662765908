using System.Reflection;
using FaaS.Domain.Jobs;
namespace FaaS.Domain.Tests.Simulation;
public sealed class DebugTests(ITestOutputHelper output)
{
    [Fact]
    public void Dump()
    {
        if (!ulong.TryParse(Environment.GetEnvironmentVariable("FAAS_SIM_SEED"), out var seed)) return;
        var world = new World(seed);
        var report = world.Run();
        var hosts = (List<SimHost>)typeof(World).GetField("_hosts", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(world)!;
        var q = hosts.Find(h => !h.IsDead)!.Queue;
        var share = (FairShare)typeof(JobQueue).GetField("_share", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(q)!;
        var owners = (Dictionary<long, QueueOwner>)typeof(JobQueue).GetField("_owners", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(q)!;
        output.WriteLine($"ready {share.Ready} canpick {share.CanPick} cap {share.OwnerCap}");
        foreach (var o in owners.Values) output.WriteLine($"{o.Generation} running {o.Running} jobs {o.Jobs} closed {o.Closed} inring {o.InRing} active {o.Active.Count} list {o.Node?.List?.Count} deficit {o.DeficitUs}");
    }
}
