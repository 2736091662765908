using System.Collections.Concurrent;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// Which version a name means now, and what a version is. Versions never change, so what is known of one stays true.
/// Names are known only within the store's gate, and only while this process owns the database: nobody else changes
/// them then.
/// </summary>
internal sealed class Bindings(Schema schema, FunctionLimits limits)
{
    private const int MaxKnown = 100_000;

    private readonly ConcurrentDictionary<long, FunctionBinding> _versions = [];
    private readonly ConcurrentDictionary<string, long> _users = [];
    private readonly ConcurrentDictionary<(long Generation, string Function), FunctionBinding> _current = [];

    /// <summary>The open generation of a user, if <see cref="LoadAsync"/> found one; otherwise 0.</summary>
    public long FindOpen(string user) => _users.GetValueOrDefault(user);

    /// <summary>The current version of a function, if <see cref="LoadAsync"/> found one.</summary>
    public FunctionBinding? FindCurrent(long generation, string function) =>
        _current.GetValueOrDefault((generation, function));

    /// <summary>Reads the names that submissions use and that are not known yet; at most three round trips.</summary>
    public async Task LoadAsync(IReadOnlyList<NewJob> jobs)
    {
        if (_users.Count > MaxKnown || _current.Count > MaxKnown) ForgetNames();
        var users = jobs.Select(job => job.Submission.User).Where(user => !_users.ContainsKey(user)).Distinct();
        foreach (var user in await schema.Users.FindAllAsync([.. users.Select(Ids.User)]).ConfigureAwait(false))
            if (user.Long("gen") is var generation and > 0) _users[user.Text("name")!] = generation;

        var functions = jobs
            .Select(job => (Generation: FindOpen(job.Submission.User), job.Submission.Function))
            .Where(name => name.Generation != 0 && !_current.ContainsKey(name)).Distinct()
            .Select(name => Ids.Function(name.Generation, name.Function));
        var found = await schema.Functions.FindAllAsync([.. functions]).ConfigureAwait(false);
        found.RemoveAll(function => function.Flag("deleted"));
        var policies = await ReadPoliciesAsync(found.Select(function => function.Long("fn"))).ConfigureAwait(false);
        foreach (var function in found)
            _current[(function.Long("gen"), function.Text("name")!)] =
                policies(Share(function, function.Long("version")));
    }

    /// <summary>What is configured for functions, in at most one round trip: what comes back adds it to a version.</summary>
    public async Task<Func<FunctionBinding, FunctionBinding>> ReadPoliciesAsync(IEnumerable<long> functions)
    {
        var policies = await MongoConfigStore.ReadPoliciesAsync(schema, functions, limits).ConfigureAwait(false);
        return binding => policies.TryGetValue(binding.FunctionId, out var policy)
            ? binding with { Limits = policy.Limits, Policy = policy }
            : binding;
    }

    /// <summary>Versions by their ids, without what is configured for them, in at most one round trip.</summary>
    /// <exception cref="InvalidDataException">A job names a version that is not there.</exception>
    public async Task<Func<long, FunctionBinding>> LoadVersionsAsync(IEnumerable<long> ids)
    {
        if (_versions.Count > MaxKnown) _versions.Clear();
        var found = new Dictionary<long, FunctionBinding>();
        var missing = new List<ObjectId>();
        foreach (var id in ids.Distinct())
        {
            if (_versions.TryGetValue(id, out var binding)) found.Add(id, binding);
            else missing.Add(Ids.Version(id));
        }
        foreach (var document in await schema.Versions.FindAllAsync(missing).ConfigureAwait(false))
        {
            var id = document.Long("version");
            found[id] = Share(document, id);
        }
        return id => found.TryGetValue(id, out var binding)
            ? binding
            : throw new InvalidDataException($"A job names version {id}, which is not there.");
    }

    /// <summary>
    /// Versions that submissions name, in at most one round trip: what comes back finds one with what is configured for its
    /// function, or null when the function has none such.
    /// </summary>
    public async Task<Func<FunctionBinding, long, FunctionBinding?>> LoadNamedAsync(IReadOnlyList<NewJob> jobs)
    {
        var found = new Dictionary<long, FunctionBinding>();
        var named = jobs.Select(job => job.Submission.VersionId).OfType<long>().Distinct().ToList();
        foreach (var document in await schema.Versions.FindAllAsync([.. named.Select(Ids.Version)]).ConfigureAwait(false))
        {
            var id = document.Long("version");
            found[id] = Share(document, id);
        }
        return (current, version) => version == current.VersionId
            ? current
            : found.TryGetValue(version, out var binding) && binding.FunctionId == current.FunctionId
                ? binding with { Limits = current.Limits, Policy = current.Policy }
                : null;
    }

    /// <summary>The open generation of a user as it is stored; 0 when there is none.</summary>
    public async Task<long> ReadOpenAsync(string user)
    {
        var found = await schema.Users.Find(Documents.ById(Ids.User(user))).FirstOrDefaultAsync().ConfigureAwait(false);
        return found?.Long("gen") ?? 0;
    }

    /// <summary>The user's generation is being opened or closed.</summary>
    public void ForgetUser(string user) => _users.TryRemove(user, out _);

    /// <summary>The function is getting another version, or none, or is configured otherwise.</summary>
    public void ForgetFunction(long generation, string function) => _current.TryRemove((generation, function), out _);

    /// <summary>Somebody else may have changed what names mean.</summary>
    public void ForgetNames()
    {
        _users.Clear();
        _current.Clear();
    }

    /// <summary>One object a version, however it was found: queued jobs share it.</summary>
    private FunctionBinding Share(BsonDocument document, long version) =>
        _versions.TryGetValue(version, out var known) ? known : _versions.GetOrAdd(version, new FunctionBinding(
            version, document.Long("fn"), document.Long("gen"), document.Text("user")!, document.Text("name")!,
            document.Int("number"), new SourceHash(document.Text("hash")!), limits));
}
