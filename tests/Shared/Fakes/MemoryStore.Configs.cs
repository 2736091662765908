using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;

namespace FaaS.Tests.Shared.Fakes;

/// <content>What is configured for functions.</content>
public sealed partial class MemoryStore : IConfigStore
{
    private readonly SortedDictionary<long, FunctionConfig> _configs = [];

    /// <summary>What is stored, as a store would keep it.</summary>
    public IReadOnlyList<FunctionConfig> Configs
    {
        get { lock (_gate) return [.. _configs.Values]; }
    }

    public Task<Result<FunctionConfig>> ChangeAsync(
        string user, string function, Func<FunctionConfig, Audited<FunctionConfig>> change, AuditNote note,
        CancellationToken cancellation) =>
        AuditAsync(note, () =>
        {
            var found = FindConfig(user, function);
            if (!found.IsOk) return found.Error;
            var end = change(found.Value);
            if (end is { Result.IsOk: true, Changed: true }) _configs[found.Value.Of.FunctionId] = end.Result.Value;
            return end;
        });

    Task<Result<FunctionConfig>> IConfigStore.FindAsync(string user, string function, CancellationToken cancellation) =>
        AnswerAsync(() => FindConfig(user, function));

    public Task<Result<FunctionConfig>> FindOfJobAsync(JobId job, CancellationToken cancellation) =>
        AnswerAsync<FunctionConfig>(() => _jobs.TryGetValue(job, out var found) && !found.Hidden
            ? Config(found.Binding.Generation, found.Binding.FunctionId, found.Binding.User, found.Binding.Function)
            : StoreErrors.NoJob(job));

    public Task<Result<IReadOnlyList<FunctionConfig>>> ListAsync(long after, int max, CancellationToken cancellation) =>
        AnswerAsync(() => Result<IReadOnlyList<FunctionConfig>>.Ok(
            [.. _configs.Values.Where(row => row.Of.FunctionId > after).Take(max)]));

    public Task<Result<bool>> ResealAsync(FunctionConfig config, CancellationToken cancellation) => AnswerAsync<bool>(() =>
    {
        if (_configs.GetValueOrDefault(config.Of.FunctionId)?.Revision != config.Revision) return false;
        _configs[config.Of.FunctionId] = config;
        return true;
    });

    private Result<FunctionConfig> FindConfig(string user, string function)
    {
        var found = Find(user, function);
        return found.IsOk ? Config(_users[user], found.Value.FunctionId, user, function) : found.Error;
    }

    private FunctionConfig Config(long generation, long id, string user, string function) =>
        _configs.GetValueOrDefault(id) ?? FunctionConfig.None(new ConfiguredFunction(generation, id, user, function));

    private FunctionPolicy? PolicyOf(long function) =>
        _configs.GetValueOrDefault(function)?.ToPolicy(FunctionLimits.Default);
}
