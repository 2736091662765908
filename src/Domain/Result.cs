using System.Diagnostics.CodeAnalysis;
using FaaS.Domain.Jobs;

namespace FaaS.Domain;

/// <summary>An expected failure: a code for machines and one sentence for people.</summary>
/// <param name="Code">The stable identity of the failure.</param>
/// <param name="Message">What is wrong and what to do, in one sentence.</param>
/// <param name="RetryAfterSeconds">When trying again makes sense, in whole seconds; null when it does not.</param>
/// <param name="Line">Line of the user's source the failure is about, from 1.</param>
/// <param name="Column">Column of the user's source the failure is about, from 1.</param>
/// <param name="Quota">The quota that is used up, by the name clients know it by; null when it is none.</param>
/// <param name="Limit">That quota's limit, in its own unit.</param>
/// <param name="Job">The job it is about, where the caller does not know it.</param>
public sealed record Error(
    ErrorCode Code, string Message, int? RetryAfterSeconds = null, int? Line = null, int? Column = null,
    string? Quota = null, long? Limit = null, JobId? Job = null)
{
    /// <summary>A quota is used up.</summary>
    /// <param name="quota">Its name, such as <c>queuedJobs</c>.</param>
    /// <param name="limit">Its limit.</param>
    /// <param name="message">What is wrong and what to do.</param>
    /// <param name="retryAfterSeconds">When there is room again; null when only the user can make some.</param>
    public static Error OverQuota(string quota, long limit, string message, int? retryAfterSeconds = null) =>
        new(ErrorCode.QuotaExceeded, message, retryAfterSeconds, Quota: quota, Limit: limit);
}

/// <summary>A value, or the error that stands in its place. Exceptions are for defects and broken transports.</summary>
/// <typeparam name="T">The value's type.</typeparam>
public readonly struct Result<T> : IEquatable<Result<T>>
{
    private readonly T? _value;

    private Result(T? value, Error? error)
    {
        _value = value;
        Error = error;
    }

    /// <summary>The error, or null when there is a value.</summary>
    public Error? Error { get; }

    /// <summary>Whether there is a value.</summary>
    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsOk => Error is null;

    /// <summary>The value.</summary>
    /// <exception cref="InvalidOperationException">There is an error instead.</exception>
    public T Value => IsOk ? _value! : throw new InvalidOperationException($"No value: {Error.Message}");

    /// <summary>Wraps a value.</summary>
    public static implicit operator Result<T>(T value) => new(value, null);

    /// <summary>Wraps an error.</summary>
    public static implicit operator Result<T>(Error error) => new(default, error);

    /// <summary>Wraps a value; for interfaces, which the conversion cannot take.</summary>
    public static Result<T> Ok(T value) => new(value, null);

    /// <summary>Wraps an error.</summary>
    public static Result<T> Fail(ErrorCode code, string message) => new(default, new Error(code, message));

    /// <inheritdoc/>
    public bool Equals(Result<T> other) =>
        Equals(Error, other.Error) && EqualityComparer<T?>.Default.Equals(_value, other._value);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Result<T> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_value, Error);

    /// <summary>Whether both hold the same value or the same error.</summary>
    public static bool operator ==(Result<T> left, Result<T> right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(Result<T> left, Result<T> right) => !left.Equals(right);
}
