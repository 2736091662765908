using System.Collections.Concurrent;
using System.Text;
using FaaS.Application.Db;
using FaaS.Application.Worker;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared.Fakes;

namespace FaaS.Application.Tests.Worker;

/// <summary>The worker hands a function its environment, reads it once a revision, and keeps secrets out of what it reports.</summary>
public sealed class EnvironmentTests
{
    private readonly ConcurrentQueue<string> _seen = [];

    [Fact]
    public async Task Run_OfAConfiguredFunction_HasItsEnvironment_ReadOnceARevision()
    {
        var reads = 0;
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1, Note));
        rig.Mediator.On<ReadEnvironment>(_ => Task.FromResult<object?>(Interlocked.Increment(ref reads) > 0 ? null : null));
        await rig.EndedAsync(await rig.SubmitAsync());
        await PutAsync(rig, new EnvironmentValue("A", "1"));
        await rig.EndedAsync(await rig.SubmitAsync());
        await rig.EndedAsync(await rig.SubmitAsync(3));
        await PutAsync(rig, new EnvironmentValue("A", "2"));
        await rig.EndedAsync(await rig.SubmitAsync());
        await PutAsync(rig);
        await rig.EndedAsync(await rig.SubmitAsync());

        var (one, two) = ("""{"A":"1"}""", """{"A":"2"}""");
        _seen.Should().Equal("", one, one, one, one, two, "");
        reads.Should().Be(2);
    }

    [Fact]
    public async Task Run_ThatWritesASecret_IsReportedWithoutIt()
    {
        await using var rig = await WorkerRig.StartAsync(
            new FakeSandbox(1, (call, _) => Task.FromResult(new AttemptResult(
                Outcome.UserError, ResultKind.None, [], new FunctionError("Error", $"no {Encoding.UTF8.GetString(call.Environment.Span)}"),
                """[{"at":"x","level":"log","text":"hunter22"}]"""u8.ToArray(), default))),
            keys: "k1:" + Convert.ToBase64String(new byte[32]));
        await PutAsync(rig, [new EnvironmentValue("A", "public1")], new SecretChange("S", "hunter22"));
        var job = (await rig.SubmitAsync())[0];

        await rig.EndedAsync(job);

        var end = rig.Store.EndOf(job)!.End;
        end.Error!.Message.Should().Be("""no {"A":"public1","S":"[redacted]"}""");
        Encoding.UTF8.GetString(end.Logs.Inline!).Should().Be("""[{"at":"x","level":"log","text":"[redacted]"}]""");
    }

    private Task<AttemptResult> Note(Invocation call, CancellationToken stop)
    {
        _seen.Enqueue(Encoding.UTF8.GetString(call.Environment.Span));
        return Task.FromResult(FakeSandbox.Success("1"u8.ToArray()));
    }

    private static Task PutAsync(WorkerRig rig, params EnvironmentValue[] env) => PutAsync(rig, env, []);

    private static async Task PutAsync(WorkerRig rig, EnvironmentValue[] env, params SecretChange[] secrets) =>
        (await rig.Parts.Mediator.Send(new PutConfig("ann", "add", new FunctionSettings(Env: env), secrets))).Error.Should().BeNull();
}
