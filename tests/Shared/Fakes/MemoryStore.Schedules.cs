using FaaS.Application.Db;
using FaaS.Domain;

namespace FaaS.Tests.Shared.Fakes;

/// <content>Schedules of functions.</content>
public sealed partial class MemoryStore : IScheduleStore
{
    private readonly SortedDictionary<long, Schedule> _schedules = [];

    public Task<Result<Schedule>> PutAsync(
        string user, string function, ScheduleDefinition definition, long nextAtMs, AuditNote note, CancellationToken cancellation) =>
        AuditAsync<Schedule>(note, () =>
        {
            var of = FindConfig(user, function);
            if (!of.IsOk) return of.Error;
            var known = _schedules.GetValueOrDefault(of.Value.Of.FunctionId);
            if (known?.Definition.IsLike(definition) == true) return new Audited<Schedule>(known, false);
            var next = new Schedule(of.Value.Of, (known?.Revision ?? 0) + 1, definition, nextAtMs, known?.Last);
            _schedules[of.Value.Of.FunctionId] = next;
            return new Audited<Schedule>(next, true);
        });

    Task<Result<Schedule?>> IScheduleStore.FindAsync(string user, string function, CancellationToken cancellation) =>
        AnswerAsync(() =>
        {
            var of = FindConfig(user, function);
            return of.IsOk ? Result<Schedule?>.Ok(_schedules.GetValueOrDefault(of.Value.Of.FunctionId)) : of.Error;
        });

    Task<Result<bool>> IScheduleStore.DeleteAsync(string user, string function, AuditNote note, CancellationToken cancellation) =>
        AuditAsync<bool>(note, () =>
        {
            var of = FindConfig(user, function);
            if (!of.IsOk) return of.Error;
            var existed = _schedules.Remove(of.Value.Of.FunctionId);
            return new Audited<bool>(existed, existed);
        });

    Task<Result<SchedulePage>> IScheduleStore.ListAsync(string user, string after, int max, CancellationToken cancellation) =>
        AnswerAsync<SchedulePage>(() =>
        {
            if (!_users.TryGetValue(user, out var generation)) return StoreErrors.NoUser(user);
            var found = _schedules.Values
                .Where(row => row.Of.Generation == generation && string.CompareOrdinal(row.Of.Function, after) > 0)
                .OrderBy(row => row.Of.Function, StringComparer.Ordinal).ToList();
            return new SchedulePage([.. found.Take(max)], found.Count > max);
        });

    public Task<Result<IReadOnlyList<Schedule>>> ListDueAsync(
        long nowMs, long afterMs, long afterFunction, int max, CancellationToken cancellation) =>
        AnswerAsync(() => Result<IReadOnlyList<Schedule>>.Ok(
        [
            .. _schedules.Values.Where(row => row.NextAtMs <= nowMs)
                .Where(row => (row.NextAtMs, row.Of.FunctionId).CompareTo((afterMs, afterFunction)) > 0)
                .OrderBy(row => (row.NextAtMs, row.Of.FunctionId)).Take(max),
        ]));

    public Task<Result<int>> NoteAsync(IReadOnlyList<NotedRun> runs, CancellationToken cancellation) => AnswerAsync<int>(() =>
    {
        var moved = 0;
        foreach (var run in runs)
        {
            if (!_schedules.TryGetValue(run.FunctionId, out var known)
                || (known.Revision, known.NextAtMs) != (run.Revision, run.DueAtMs)) continue;
            _schedules[run.FunctionId] = known with { NextAtMs = run.NextAtMs, Last = run.Last ?? known.Last };
            moved++;
        }
        return moved;
    });
}
