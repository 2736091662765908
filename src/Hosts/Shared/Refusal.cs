using System.Reflection;
using System.Text.RegularExpressions;
using FaaS.Application.Messaging;
using Microsoft.Extensions.Options;

namespace FaaS.Hosts.Shared;

/// <summary>Why a host does not start, in a sentence an operator can act on.</summary>
internal static partial class Refusal
{
    private const string Binder = "Microsoft.Extensions.Configuration.Binder";

    /// <summary>The sentence; null for a defect, which keeps its stack trace.</summary>
    public static string? Of(Exception error) => error switch
    {
        OptionsValidationException options => string.Join(" ", options.Failures.Select(failure => OfSetting(options, failure))),
        // Other IOExceptions than these would name no cause; those that get here do: a file, a port, a lock.
        CompositionException or IOException => error.Message,
        InvalidOperationException when error.Source == Binder => OfValue(error),
        AggregateException several => OfAll(several),
        _ => null,
    };

    private static string? OfAll(AggregateException several)
    {
        var all = several.Flatten().InnerExceptions.Select(Of).ToArray();
        return Array.Exists(all, refusal => refusal is null) ? null : string.Join(" ", all.Distinct());
    }

    /// <summary>"Failed to convert configuration value 'abc' at 'Functions:Timeout' to type 'System.TimeSpan'."</summary>
    private static string OfValue(Exception error)
    {
        var match = NotConverted().Match(error.Message);
        if (!match.Success) return error.Message;
        var (value, setting, type) = (match.Groups["value"].Value, match.Groups["setting"].Value, match.Groups["type"].Value);
        var wanted = type switch
        {
            "System.TimeSpan" => "a time such as 00:00:30",
            "System.Boolean" => "true or false",
            "System.Int32" or "System.Int64" => "a whole number",
            _ => $"a {type[(type.LastIndexOf('.') + 1)..]}",
        };
        return $"{setting} is '{value}'; it must be {wanted}.";
    }

    /// <summary>"DataAnnotation validation failed for 'FunctionOptions' members: 'Timeout' with the error: '…'."</summary>
    private static string OfSetting(OptionsValidationException error, string failure)
    {
        var match = NotInRange().Match(failure);
        if (!match.Success) return failure;
        var section = error.OptionsType.GetField("SectionName", BindingFlags.Public | BindingFlags.Static)?.GetValue(null);
        var (member, why) = (match.Groups["member"].Value, match.Groups["why"].Value);
        return $"{section ?? error.OptionsType.Name}:{member} cannot be used: {why}";
    }

    [GeneratedRegex("value '(?<value>.*)' at '(?<setting>.*)' to type '(?<type>[^']*)'", RegexOptions.Singleline)]
    private static partial Regex NotConverted();

    [GeneratedRegex("members: '(?<member>[^']*)' with the error: '(?<why>.*)'", RegexOptions.Singleline)]
    private static partial Regex NotInRange();
}
