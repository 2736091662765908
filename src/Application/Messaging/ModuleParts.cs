using FluentValidation;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Application.Messaging;

/// <summary>Finds a module's handlers and validators: the classes of its own namespace, and nothing beyond.</summary>
internal static class ModuleParts
{
    public static IServiceCollection AddModuleParts(this IServiceCollection services, Type module) =>
        services.Scan(scan => scan.FromAssembliesOf(module)
            .AddClasses(classes => classes.InExactNamespaces(module.Namespace!)
                .AssignableToAny(typeof(IRequestHandler<,>), typeof(IValidator<>)), publicOnly: false)
            .AsImplementedInterfaces(type => type.IsGenericType
                && (type.GetGenericTypeDefinition() == typeof(IRequestHandler<,>)
                    || type.GetGenericTypeDefinition() == typeof(IValidator<>)))
            .WithSingletonLifetime());
}
