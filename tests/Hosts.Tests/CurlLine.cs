using System.Text.RegularExpressions;

namespace FaaS.Hosts.Tests;

/// <summary>A command of the documentation, as a shell would hand it to curl.</summary>
/// <param name="Method">The verb.</param>
/// <param name="Path">What follows the platform's address.</param>
/// <param name="Body">What is sent; null for nothing.</param>
/// <param name="Headers">Headers, in their order.</param>
public sealed partial record CurlLine(HttpMethod Method, string Path, string? Body, IReadOnlyList<(string Name, string Value)> Headers)
{
    private const string Address = "localhost:8080";

    /// <summary>Takes a line apart; a comment at its end is none of it.</summary>
    public static CurlLine Parse(string line)
    {
        var (method, path, body, headers) = (HttpMethod.Get, "", (string?)null, new List<(string, string)>());
        var words = Words().Matches(line).Select(match => match.Value.Trim('\'')).TakeWhile(word => word != "#").ToArray();
        for (var i = 1; i < words.Length; i++)
        {
            if (words[i] == "-X") method = new HttpMethod(words[++i]);
            else if (words[i] == "-d") body = words[++i];
            else if (words[i] == "-H") headers.Add((words[++i].Split(": ")[0], words[i].Split(": ")[1]));
            else path = words[i][Address.Length..];
        }
        return new CurlLine(method, path, body, headers);
    }

    /// <summary>Sends it.</summary>
    public Task<Answer> SendAsync(FaasClient client) =>
        client.SendAsync(Method, Path, Body is null ? null : new StringContent(Body), [.. Headers]);

    [GeneratedRegex("'[^']*'|\\S+")]
    private static partial Regex Words();
}
