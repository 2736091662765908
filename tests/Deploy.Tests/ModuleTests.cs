namespace FaaS.Deploy.Tests;

/// <summary>The CUE module by itself.</summary>
public sealed class ModuleTests
{
    public static TheoryData<string> Sizes => [.. Cue.Sizes.Keys];

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Module_InEverySize_IsValidAndComplete(string size)
    {
        var cue = await Cue.NeedAsync();

        cue.Vet(size).Stderr.Should().BeEmpty();
        cue.Vet(size).Code.Should().Be(0);
    }

    [Fact]
    public async Task Module_WhenItContradictsItself_IsRefused()
    {
        await Node.NeedAsync();
        (string What, (string File, string Old, string New) Change)[] mistakes =
        [
            ("_workerMemory", ("platform/sizes.cue", "memoryMiB: 512, cpu: 500", "memoryMiB: 256, cpu: 500")),
            ("_queueMemory", ("platform/sizes.cue", "value: 500_000", "value: 5_000_000")),
            ("_drain", ("platform/sizes.cue", "Sandbox: Slots: value: 1", "Worker: DrainTimeout: value: 55_000")),
            ("_leases", ("platform/sizes.cue", "Sandbox: Slots: value: 1", "Queue: LeaseDuration: value: 5_000")),
            ("_outlast", ("platform/sizes.cue", "Sandbox: Slots: value: 1", "Cluster: LeaveTimeout: value: 30_000")),
            ("_mongoRenewal", ("platform/sizes.cue", "Sandbox: Slots: value: 1", "Mongo: OwnerLease: value: 2_500")),
            ("Sandbox.Slots.value", ("platform/sizes.cue", "Slots: value: 1", "Slots: value: 257")),
            ("field SlotsMax not allowed", ("platform/sizes.cue", "Slots: value: 1", "SlotsMax: value: 1")),
            ("worker.hsize", ("variables/num_workers/num_workers.cue", "#NUM_WORKERS: 1", "#NUM_WORKERS: 5")),
            ("not allowed", ("kumori/render/render.cue", "duplex: {}", "duplexes: {}")),
        ];

        var folders = mistakes.Select(mistake => Cue.Copy(mistake.Change)).ToList();
        var answers = await Cue.AskAsync(folders.Select(folder =>
            new Question(folder, "vet", ["./platform", "./kumori/check"], new() { ["-c"] = true })));
        foreach (var folder in folders) Directory.Delete(folder, recursive: true);

        foreach (var ((what, _), answer) in mistakes.Zip(answers))
        {
            answer.Code.Should().NotBe(0, what);
            answer.Stderr.Should().Contain(what);
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Links_AreThoseOfTheDesign(string size)
    {
        var cue = await Cue.NeedAsync();

        cue.Platform(size)["links"]!.AsArray().Select(link => $"{link!["from"]} {link["channel"]} {link["to"]}")
            .Should().BeEquivalentTo(
            [
                "dbmanager mongodbclient mongodb", "jqmanager dbclient dbmanager", "frontend jqclient jqmanager",
                "frontend dbclient dbmanager", "worker jqclient jqmanager", "worker dbclient dbmanager",
                "scaler jqclient jqmanager",
            ]);
    }
}
