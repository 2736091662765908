using System.Collections.Concurrent;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>
/// Which version a name means now, and what a version is. Versions never change, so what is known of one stays true;
/// names are looked up by the writer only, which also tells when they change.
/// </summary>
internal sealed class Bindings(FunctionLimits limits)
{
    private const int MaxKnown = 100_000;

    private const string OpenUser = "SELECT generation FROM users WHERE name = ? AND closed = 0";

    private const string CurrentVersion =
        "SELECT version_id FROM functions WHERE generation = ? AND name = ? AND deleted = 0";

    private const string CountCurrent = "SELECT count(*) FROM functions WHERE generation = ? AND deleted = 0";

    private const string Version = """
        SELECT v.function_id, f.generation, u.name, f.name, v.number, v.hash
        FROM versions v JOIN functions f ON f.id = v.function_id JOIN users u ON u.generation = f.generation
        WHERE v.id = ?
        """;

    private readonly ConcurrentDictionary<long, FunctionBinding> _versions = [];
    private readonly Dictionary<string, long> _users = [];
    private readonly Dictionary<(long Generation, string Function), FunctionBinding> _current = [];

    /// <summary>Counted once: names that were deleted stay in the table, and counting passes over all of them.</summary>
    private readonly Dictionary<long, int> _counts = [];

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
        binding = Find(statements, version);
        if (_current.Count >= MaxKnown) _current.Clear();
        _current.Add((generation, function), binding);
        return binding;
    }

    /// <summary>A version, by any thread.</summary>
    public FunctionBinding Find(Statements statements, long version)
    {
        if (_versions.TryGetValue(version, out var binding)) return binding;
        var statement = statements[Version].Bind(version);
        if (!statement.Step()) throw new InvalidDataException($"A job names version {version}, which is not there.");
        binding = new FunctionBinding(
            version, statement.Int64(0), statement.Int64(1), statement.Text(2), statement.Text(3),
            statement.Int32(4), new SourceHash(statement.Text(5)), limits);
        statement.Reset();
        if (_versions.Count >= MaxKnown) _versions.Clear();
        _versions.TryAdd(version, binding);
        return binding;
    }

    /// <summary>The open generation of a user, read by any thread; 0 when there is none.</summary>
    public static long ReadOpen(Statements statements, string user)
    {
        var statement = statements[OpenUser].Bind(user);
        if (!statement.Step()) return 0;
        var generation = statement.Int64(0);
        statement.Reset();
        return generation;
    }

    /// <summary>How many functions a generation has, by the writer.</summary>
    public int CountFunctions(Statements statements, long generation)
    {
        if (_counts.TryGetValue(generation, out var count)) return count;
        var statement = statements[CountCurrent].Bind(generation);
        statement.Step();
        count = statement.Int32(0);
        statement.Reset();
        if (_counts.Count >= MaxKnown) _counts.Clear();
        _counts.Add(generation, count);
        return count;
    }

    /// <summary>The writer has added so many functions to a generation, or taken them away.</summary>
    public void AddFunctions(long generation, int more)
    {
        if (_counts.TryGetValue(generation, out var count)) _counts[generation] = count + more;
    }

    /// <summary>The user's generation was opened or closed.</summary>
    public void ForgetUser(string user) => _users.Remove(user);

    /// <summary>The function has another version, or none.</summary>
    public void ForgetFunction(long generation, string function) => _current.Remove((generation, function));

    /// <summary>A transaction did not happen: what was read inside it may never have been.</summary>
    public void ForgetAll()
    {
        _users.Clear();
        _current.Clear();
        _counts.Clear();
        _versions.Clear();
    }
}
