using System.Security.Cryptography;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Tests.Shared.Stores;

namespace FaaS.Infrastructure.Tests.Mongo;

/// <summary>An audited action that is cut off at each of its commands: it was never done without an entry.</summary>
[Trait("needs", "mongo")]
public sealed class AuditCrashTests : IAsyncLifetime
{
    /// <summary>A place, the entry, the key, the entry's end.</summary>
    private const int Writes = 4;

    private Rig _rig = null!;
    private CuttingProxy _proxy = null!;
    private MongoStores _stores = null!;

    public async ValueTask InitializeAsync()
    {
        _rig = await Rig.OpenAsync();
        _proxy = new CuttingProxy(_rig.Url);
        _stores = await _rig.ServeAsync(_proxy.Url);
    }

    public async ValueTask DisposeAsync()
    {
        if (_proxy is not null) await _proxy.DisposeAsync();
        if (_rig is not null) await _rig.DisposeAsync();
    }

    [Theory]
    [InlineData(Cut.Before)]
    [InlineData(Cut.After)]
    public async Task Action_WhenTheLineIsCutAtEachWrite_IsNeverDoneWithoutAnEntry(Cut cut)
    {
        for (var write = 1; write <= Writes; write++)
        {
            var key = await NewKeyAsync();
            var note = new AuditNote(new Origin(Guid.NewGuid(), Origin.Admin), Rig.NowMs, AuditActions.RevokeKey, "ada", key.Id);
            _proxy.CutAt(write, cut);

            var answer = await _stores.Keys.RevokeAsync("ada", key.Id, note, default);

            _proxy.IsDown.Should().BeTrue("the action has {0} writes", Writes);
            _proxy.Mend();
            answer.IsOk.Should().Be(write == Writes, "only the entry's end is not waited for");
            if (write < 3) answer.Error!.Code.Should().Be(ErrorCode.NotDurable);
            var isGone = !(await _stores.Keys.FindAsync(key.Id, default)).IsOk;
            var outcome = await OutcomeAsync(note);
            if (isGone) outcome.Should().BeOneOf(AuditOutcomes.Done, AuditOutcomes.Unknown);
            else (outcome ?? AuditOutcomes.Unknown).Should().Be(AuditOutcomes.Unknown);
            if (write < Writes || cut == Cut.Before) outcome.Should().NotBe(AuditOutcomes.Done);

            (await _stores.Keys.RevokeAsync("ada", key.Id, note, default)).Value.Should().Be(!isGone, "it is repeated");
            (await OutcomeAsync(note)).Should().Be(isGone && outcome != AuditOutcomes.Done ? AuditOutcomes.Unknown : AuditOutcomes.Done);
        }
    }

    private async Task<NewKey> NewKeyAsync()
    {
        var key = ApiKey.Create(RandomNumberGenerator.GetBytes(ApiKey.RandomBytes));
        var stored = new NewKey(key.Id, key.Hash, "a key", Scopes.JobsRead, null, 0);
        (await _stores.Keys.AddAsync("ada", stored, 100, Rig.NowMs, default)).Error.Should().BeNull();
        return stored;
    }

    /// <summary>What the log says of an action; null for nothing.</summary>
    private async Task<string?> OutcomeAsync(AuditNote note)
    {
        var page = (await _stores.Audit.ListAsync(new AuditQuery("ada", note.Action, 0, 0, 0, 1_000), 1_000_000, default)).Value;
        return page.Entries.SingleOrDefault(entry => entry.Record.Note.By.Id == note.By.Id)?.Record.Outcome;
    }
}
