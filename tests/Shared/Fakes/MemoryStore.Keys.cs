using FaaS.Application.Db;
using FaaS.Domain;

namespace FaaS.Tests.Shared.Fakes;

/// <content>Keys.</content>
public sealed partial class MemoryStore : IKeyStore
{
    private readonly List<(long Generation, KeyRecord Record)> _keys = [];

    public Task<Result<KeyRecord>> AddAsync(
        string user, NewKey key, int max, AuditNote note, CancellationToken cancellation) => AuditAsync<KeyRecord>(note, () =>
    {
        if (!_users.TryGetValue(user, out var generation)) return NoUser(user);
        if (_keys.Find(row => row.Record.Key.Id == key.Id).Record is { } known)
            return known.User == user && known.Key.Hash.AsSpan().SequenceEqual(key.Hash)
                ? new Audited<KeyRecord>(known, false)
                : new Error(ErrorCode.Conflict, "Another key has this id.");
        if (_keys.Count(row => row.Generation == generation) >= max)
            return new Error(ErrorCode.QuotaExceeded, "There are too many keys.");
        _keys.Add((generation, new KeyRecord(user, generation, key, note.AtMs, 0)));
        return new Audited<KeyRecord>(_keys[^1].Record, true);
    });

    public Task<Result<KeyRecord>> FindAsync(string id, CancellationToken cancellation) => AnswerAsync<KeyRecord>(() =>
        _keys.Find(row => row.Record.Key.Id == id && _generations.Contains(row.Generation)).Record is { } found
            ? found
            : new Error(ErrorCode.Unauthorized, $"There is no key '{id}'."));

    public Task<Result<IReadOnlyList<KeyRecord>>> ListAsync(string user, CancellationToken cancellation) =>
        AnswerAsync(() => _users.TryGetValue(user, out var generation)
            ? Result<IReadOnlyList<KeyRecord>>.Ok(
                [.. _keys.Where(row => row.Generation == generation).Select(row => row.Record)])
            : NoUser(user));

    public Task<Result<bool>> RevokeAsync(string user, string id, AuditNote note, CancellationToken cancellation) =>
        AuditAsync<bool>(note, () => _users.TryGetValue(user, out var generation)
            ? Changed(_keys.RemoveAll(row => row.Generation == generation && row.Record.Key.Id == id) > 0)
            : NoUser(user));

    public Task<Result<bool>> NoteUsesAsync(IReadOnlyList<KeyUse> uses, CancellationToken cancellation) =>
        AnswerAsync<bool>(() =>
        {
            foreach (var use in uses)
            {
                var at = _keys.FindIndex(row => row.Record.Key.Id == use.Id && row.Record.UsedAtMs < use.AtMs);
                if (at >= 0) _keys[at] = (_keys[at].Generation, _keys[at].Record with { UsedAtMs = use.AtMs });
            }
            return true;
        });
}
