using System.Collections.Concurrent;
using FaaS.Application.Db;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>
/// Which version a name means now, and what a version is. Versions never change, so what is known of one stays true;
/// names are looked up by the writer only, which also tells when they change. What is configured for a function is known
/// with its name, and read anew where a version is found by its number.
/// </summary>
internal sealed class Bindings(FunctionLimits limits)
{
    private const int MaxKnown = 100_000;

    private const string OpenUser = "SELECT generation FROM users WHERE name = ? AND closed = 0";

    private const string CurrentVersion =
        "SELECT version_id FROM functions WHERE generation = ? AND name = ? AND deleted = 0";

    private const string Version = """
        SELECT v.function_id, f.generation, u.name, f.name, v.number, v.hash
        FROM versions v JOIN functions f ON f.id = v.function_id JOIN users u ON u.generation = f.generation
        WHERE v.id = ?
        """;

    private readonly ConcurrentDictionary<long, FunctionBinding> _versions = [];
    private readonly Dictionary<string, long> _users = [];
    private readonly Dictionary<(long Generation, string Function), FunctionBinding> _current = [];

    /// <summary>Counted once: names that were deleted stay in the table, and counting passes over all of them.</summary>
    private readonly Dictionary<long, FunctionHoldings> _holdings = [];

    /// <summary>The open generation of a user, by the writer; 0 when there is none.</summary>
    public long FindOpen(Statements statements, string user)
    {
        if (_users.TryGetValue(user, out var generation)) return generation;
        generation = ReadOpen(statements, user);
        if (_users.Count >= MaxKnown) _users.Clear();
        if (generation != 0) _users.Add(user, generation);
        return generation;
    }

    /// <summary>The current version of a function, by the writer; null when there is none.</summary>
    public FunctionBinding? FindCurrent(Statements statements, long generation, string function)
    {
        if (_current.TryGetValue((generation, function), out var binding)) return binding;
        var statement = statements[CurrentVersion].Bind(generation).Bind(function);
        if (!statement.Step()) return null;
        var version = statement.Int64(0);
        statement.Reset();
        binding = WithPolicy(statements, Find(statements, version));
        if (_current.Count >= MaxKnown) _current.Clear();
        _current.Add((generation, function), binding);
        return binding;
    }

    /// <summary>Another version of a function, with what is configured for it, by the writer; null when it has none such.</summary>
    public FunctionBinding? FindVersion(Statements statements, FunctionBinding current, long version)
    {
        if (version == current.VersionId) return current;
        return TryFind(statements, version) is { } binding && binding.FunctionId == current.FunctionId
            ? binding with { Limits = current.Limits, Policy = current.Policy }
            : null;
    }

    /// <summary>A version, without what is configured for its function, by any thread.</summary>
    public FunctionBinding Find(Statements statements, long version) =>
        TryFind(statements, version)
        ?? throw new InvalidDataException($"A job names version {version}, which is not there.");

    private FunctionBinding? TryFind(Statements statements, long version)
    {
        if (_versions.TryGetValue(version, out var binding)) return binding;
        var statement = statements[Version].Bind(version);
        if (!statement.Step()) return null;
        binding = new FunctionBinding(
            version, statement.Int64(0), statement.Int64(1), statement.Text(2), statement.Text(3),
            statement.Int32(4), new SourceHash(statement.Text(5)), limits);
        statement.Reset();
        if (_versions.Count >= MaxKnown) _versions.Clear();
        _versions.TryAdd(version, binding);
        return binding;
    }

    /// <summary>The same with what is configured for its function, by any thread.</summary>
    public FunctionBinding WithPolicy(Statements statements, FunctionBinding binding) =>
        SqliteConfigStore.ReadPolicy(statements, binding.FunctionId, limits) is { } policy
            ? binding with { Limits = policy.Limits, Policy = policy }
            : binding;

    /// <summary>The open generation of a user, read by any thread; 0 when there is none.</summary>
    public static long ReadOpen(Statements statements, string user)
    {
        var statement = statements[OpenUser].Bind(user);
        if (!statement.Step()) return 0;
        var generation = statement.Int64(0);
        statement.Reset();
        return generation;
    }

    /// <summary>What functions a generation has, by the writer.</summary>
    public FunctionHoldings FindHoldings(Statements statements, long generation)
    {
        if (_holdings.TryGetValue(generation, out var holdings)) return holdings;
        holdings = SqliteUsageStore.ReadHoldings(statements, generation);
        if (_holdings.Count >= MaxKnown) _holdings.Clear();
        _holdings.Add(generation, holdings);
        return holdings;
    }

    /// <summary>The writer has added functions, and bytes of sources, to a generation, or taken them away.</summary>
    public void AddHoldings(long generation, int functions, long bytes)
    {
        if (_holdings.TryGetValue(generation, out var holdings))
            _holdings[generation] = new FunctionHoldings(holdings.Functions + functions, holdings.SourceBytes + bytes);
    }

    /// <summary>The user's generation was opened or closed.</summary>
    public void ForgetUser(string user) => _users.Remove(user);

    /// <summary>The function has another version, or none, or is configured otherwise.</summary>
    public void ForgetFunction(long generation, string function) => _current.Remove((generation, function));

    /// <summary>A transaction did not happen: what was read inside it may never have been.</summary>
    public void ForgetAll()
    {
        _users.Clear();
        _current.Clear();
        _holdings.Clear();
        _versions.Clear();
    }
}
