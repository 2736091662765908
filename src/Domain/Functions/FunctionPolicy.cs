namespace FaaS.Domain.Functions;

/// <summary>How often a function is tried again after an attempt failed, and how long is waited in between.</summary>
/// <param name="Attempts">
/// Attempts a job gets in all, 1 to 100. An attempt that ended with <c>user_error</c>, <c>timeout</c>, <c>crashed</c> or
/// <c>platform_error</c> is followed by another one until there were so many. What would only repeat itself
/// (<c>memory_exceeded</c>, <c>result_too_large</c>) is not tried again, and a lost worker counts apart.
/// </param>
/// <param name="BackoffMs">The first retry's delay in ms, doubled for each further one; 1 to 86,400,000.</param>
/// <param name="MaxBackoffMs">The longest delay in ms; 1 to 86,400,000.</param>
public sealed record RetryPolicy(int Attempts, int BackoffMs = 1_000, int MaxBackoffMs = 60_000);

/// <summary>
/// What is configured for a function beside its source: it applies to every attempt that starts, or ends, after it was
/// set, those of jobs submitted earlier included. Versions do not have one of their own.
/// </summary>
/// <param name="Revision">Grows with each change of the function's configuration, from 1: of two, the larger one is newer.</param>
/// <param name="Limits">Time and memory bounds, the platform's where none are configured.</param>
/// <param name="Concurrency">Jobs of the function that run at a time at most; 0 for no bound of its own.</param>
/// <param name="Retry">When to try again; null for the platform's own rule.</param>
/// <param name="HasEnvironment">Whether there are environment values or secrets for a worker to read.</param>
public sealed record FunctionPolicy(
    long Revision, FunctionLimits Limits, int Concurrency = 0, RetryPolicy? Retry = null, bool HasEnvironment = false);
