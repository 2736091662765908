using System.Collections;
using System.Reflection;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Tests.Messaging;

/// <summary>
/// Makes values of any message type through its constructor, nulls only where the type allows them. A type it does
/// not know how to make fails the test: teach it, or keep the type out of contracts.
/// </summary>
internal static class Arbitrary
{
    private static readonly NullabilityInfoContext Nullability = new();

    private static readonly string[] Texts =
        ["", "a", "Ünïcödé ☃ 🎈", "quote \" back \\ slash", "line\nbreak\ttab\0", "</script>&", new('x', 300)];

    public static T Make<T>(Random random) => (T)Make(typeof(T), null, random)!;

    private static object? Make(Type type, NullabilityInfo? info, Random random)
    {
        var underlying = Nullable.GetUnderlyingType(type);
        if ((underlying is not null || info?.ReadState == NullabilityState.Nullable) && random.Next(3) == 0) return null;
        type = underlying ?? type;
        if (type == typeof(bool)) return random.Next(2) == 0;
        if (type == typeof(int)) return Pick(random, 0, 1, -1, int.MaxValue, int.MinValue, random.Next());
        if (type == typeof(long)) return Pick(random, 0L, 1, -1, long.MaxValue, long.MinValue, random.NextInt64());
        if (type == typeof(double))
            return Pick(random, 0.0, 1, -1, 1.0 / 3, double.MaxValue, double.Epsilon, random.NextDouble());
        if (type == typeof(DateTimeOffset))
            return DateTimeOffset.FromUnixTimeMilliseconds(Pick(random, 0L, 1, -1, random.NextInt64(1L << 47)));
        if (type == typeof(string)) return Pick(random, Texts);
        if (type == typeof(UInt128)) return Pick(random, UInt128.Zero, UInt128.MaxValue, new UInt128((ulong)random.NextInt64(), 1));
        if (type == typeof(Guid)) return new Guid(Bytes(16, random));
        if (type == typeof(byte[])) return Bytes(Pick(random, 0, 1, 2, 3, random.Next(2_000)), random);
        if (type == typeof(TimeSpan))
            return TimeSpan.FromMicroseconds(Pick(random, 0L, 1, 60_000_000, random.NextInt64(1L << 50)));
        if (type == typeof(JobId)) return new JobId((ulong)random.NextInt64(), (uint)random.Next());
        if (type == typeof(SourceHash)) return SourceHash.Of(Bytes(8, random));
        if (type.IsEnum) return Enum(type, random);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return List(type.GetGenericArguments()[0], info?.GenericTypeArguments[0], random);
        if (type.Namespace?.StartsWith("FaaS.", StringComparison.Ordinal) == true) return Record(type, random);
        throw new NotSupportedException($"There is no generator for {type}.");
    }

    private static object Record(Type type, Random random)
    {
        var constructor = type.GetConstructors().OrderByDescending(made => made.GetParameters().Length).First();
        var made = constructor.Invoke([.. constructor.GetParameters()
            .Select(parameter => Make(parameter.ParameterType, Nullability.Create(parameter), random))]);
        if (constructor.GetParameters().Length == 0)
            foreach (var property in type.GetProperties().Where(property => property.CanWrite))
                property.SetValue(made, Make(property.PropertyType, Nullability.Create(property), random));
        return made;
    }

    private static Array List(Type element, NullabilityInfo? info, Random random)
    {
        var list = Array.CreateInstance(element, random.Next(4));
        for (var at = 0; at < list.Length; at++) list.SetValue(Make(element, info, random), at);
        return list;
    }

    private static object Enum(Type type, Random random)
    {
        var values = System.Enum.GetValues(type);
        return values.GetValue(random.Next(values.Length))!;
    }

    private static byte[] Bytes(int count, Random random)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private static T Pick<T>(Random random, params T[] values) => values[random.Next(values.Length)];
}

/// <summary>Compares messages by what they carry: records hold lists and bytes, whose own equality is identity.</summary>
internal static class Alike
{
    public static void Check(object? actual, object? expected, string path = "")
    {
        if (expected is null || actual is null || expected is string || expected.GetType().IsPrimitive
            || expected.GetType().IsEnum || expected is Guid or TimeSpan or DateTimeOffset or JobId or SourceHash)
        {
            actual.Should().Be(expected, "{0} crossed", path);
            return;
        }
        if (expected is IEnumerable list)
        {
            object?[] wanted = [.. list.Cast<object?>()];
            object?[] found = [.. ((IEnumerable)actual).Cast<object?>()];
            found.Length.Should().Be(wanted.Length, "{0} crossed", path);
            if (expected is byte[] bytes) ((byte[])actual).Should().Equal(bytes);
            else for (var at = 0; at < wanted.Length; at++) Check(found[at], wanted[at], $"{path}[{at}]");
            return;
        }
        actual.GetType().Should().Be(expected.GetType());
        foreach (var property in expected.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
            Check(property.GetValue(actual), property.GetValue(expected), $"{path}.{property.Name}");
    }
}
