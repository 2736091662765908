using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;

namespace FaaS.Tests.Shared.Fakes;

/// <content>Users and functions.</content>
public sealed partial class MemoryStore : IUserStore, IFunctionStore
{
    private readonly Dictionary<string, long> _users = [];
    private readonly HashSet<long> _generations = [];
    private readonly Dictionary<(long Generation, string Function), StoredFunction> _functions = [];
    private readonly Dictionary<SourceHash, byte[]> _sources = [];
    private long _nextGeneration;
    private long _nextFunction;
    private long _nextVersion;
    private int _sourceReads;

    public int SourceReads => Volatile.Read(ref _sourceReads);

    /// <summary>A user with one function, there at once.</summary>
    public MemoryStore With(string user, string function, string source = "() => 1")
    {
        lock (_gate)
        {
            if (!_users.ContainsKey(user)) Open(user);
            Publish(_users[user], function, System.Text.Encoding.UTF8.GetBytes(source));
        }
        return this;
    }

    /// <summary>Drops a source, as a damaged store might.</summary>
    public void LoseSources()
    {
        lock (_gate) _sources.Clear();
    }

    public Task<Result<UserRegistration>> RegisterAsync(
        string user, NewKey? firstKey, AuditNote note, CancellationToken cancellation) => AuditAsync(note, () =>
    {
        var opened = Open(user);
        if (firstKey is not null) _keys.Add((opened.Generation, new KeyRecord(user, opened.Generation, firstKey, note.AtMs, 0)));
        return new Audited<UserRegistration>(opened, true);
    });

    public Task<Result<UserRegistration>> CloseAsync(string user, AuditNote note, CancellationToken cancellation) =>
        AuditAsync(note, () =>
        {
            if (!_users.Remove(user, out var closed)) return new Audited<UserRegistration>(new UserRegistration(0, 0), false);
            _generations.Remove(closed);
            return new Audited<UserRegistration>(new UserRegistration(0, closed), true);
        });

    public Task<Result<TimeSpan>> SumWallTimeAsync(string user, CancellationToken cancellation) =>
        AnswerAsync<TimeSpan>(() => _users.TryGetValue(user, out var generation)
            ? TimeSpan.FromTicks(_ledger.Where(row => _jobs[row.Key.Job].Binding.Generation == generation)
                .Sum(row => row.Value.Ticks))
            : NoUser(user));

    public Task<Result<IReadOnlyList<long>>> ListClosedWithJobsAsync(CancellationToken cancellation) => AnswerAsync(() =>
        Result<IReadOnlyList<long>>.Ok([.. _unfinished.Values.Select(job => job.Binding.Generation).Distinct()
            .Where(generation => !_generations.Contains(generation))]));

    public Task<Result<int>> RegisterAsync(
        string user, string function, byte[] source, long nowMs, FunctionBounds bounds, CancellationToken cancellation) =>
        AnswerAsync<int>(() =>
        {
            if (!_users.TryGetValue(user, out var generation)) return NoUser(user);
            var replaced = _functions.GetValueOrDefault((generation, function))?.Source.LongLength;
            return bounds.Refuse(user, Holdings(generation), replaced, source.LongLength) is { } refusal
                ? refusal
                : Publish(generation, function, source).Version;
        });

    public Task<Result<bool>> DeleteAsync(string user, string function, AuditNote note, CancellationToken cancellation) =>
        AuditAsync<bool>(note, () => _users.TryGetValue(user, out var generation)
            ? Changed(_functions.Remove((generation, function)))
            : NoUser(user));

    public Task<Result<FunctionSource>> FindAsync(string user, string function, CancellationToken cancellation) =>
        AnswerAsync<FunctionSource>(() => Find(user, function) is { IsOk: true, Value: var found }
            ? new FunctionSource(function, found.Version, found.Source)
            : Find(user, function).Error!);

    public Task<Result<FunctionPage>> ListAsync(
        string user, string after, int maxRows, int maxBytes, CancellationToken cancellation) =>
        AnswerAsync<FunctionPage>(() => _users.TryGetValue(user, out var generation)
            ? new FunctionPage(generation, [.. _functions
                .Where(row => row.Key.Generation == generation && string.CompareOrdinal(row.Key.Function, after) > 0)
                .OrderBy(row => row.Key.Function, StringComparer.Ordinal)
                .Select(row => new FunctionSource(row.Key.Function, row.Value.Version, row.Value.Source))], false)
            : NoUser(user));

    public Task<Result<byte[]>> ReadSourceAsync(SourceHash hash, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _sourceReads);
        return AnswerAsync<byte[]>(() => _sources.TryGetValue(hash, out var source)
            ? source
            : new Error(ErrorCode.VersionNotFound, "There is no such source."));
    }

    private UserRegistration Open(string user)
    {
        var closed = _users.GetValueOrDefault(user);
        _generations.Remove(closed);
        _users[user] = ++_nextGeneration;
        _generations.Add(_nextGeneration);
        return new UserRegistration(_nextGeneration, closed);
    }

    private StoredFunction Publish(long generation, string function, byte[] source)
    {
        var current = _functions.GetValueOrDefault((generation, function));
        if (current is not null && current.Source.AsSpan().SequenceEqual(source)) return current;
        var hash = SourceHash.Of(source);
        _sources[hash] = source;
        return _functions[(generation, function)] = new StoredFunction(
            current?.FunctionId ?? ++_nextFunction, ++_nextVersion, (current?.Version ?? 0) + 1, hash, source);
    }

    private Result<StoredFunction> Find(string user, string function)
    {
        if (!_users.TryGetValue(user, out var generation)) return NoUser(user);
        return _functions.TryGetValue((generation, function), out var found)
            ? found
            : new Error(ErrorCode.FunctionNotFound, $"There is no function '{function}'.");
    }

    private Result<FunctionBinding> Bind(string user, string function)
    {
        var found = Find(user, function);
        if (!found.IsOk) return found.Error;
        var (functionId, versionId, version, hash, _) = found.Value;
        var policy = PolicyOf(functionId);
        return new FunctionBinding(
            versionId, functionId, _users[user], user, function, version, hash, policy?.Limits ?? FunctionLimits.Default, policy);
    }

    private static Error NoUser(string user) => new(ErrorCode.UserNotFound, $"There is no user '{user}'.");

    private sealed record StoredFunction(long FunctionId, long VersionId, int Version, SourceHash Hash, byte[] Source);
}
