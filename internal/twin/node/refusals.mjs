// Why FranceConnect does not let someone in, and what it then tells the service.
//
// FranceConnect shows the person a page with the Y-code; from there a link leads back to the service with an OAuth error
// and a description that is the same sentence for whole families of causes: THE SERVICE DOES NOT LEARN THE CODE. Only
// giving up on the choice of account has words of its own. (Read in the operator's published exceptions and acceptance
// scenarios.) `codes_in_errors` of the configuration adds the code, which the real one does not do.

const ABORTED = 'user authentication aborted';
const TECHNICAL = 'authentication aborted due to a technical error on the authorization server';
export const CANCELLED = { error: 'access_denied', description: 'User auth aborted' };

const denied = (status, text) => ({ status, error: 'access_denied', description: ABORTED, text });
const broken = (status, text, error = 'server_error') => ({ status, error, description: TECHNICAL, text });

const IDENTITY = "Un problème lié à vos données d'identité empêche la connexion d'aboutir.";
const UNAVAILABLE = 'Le registre des personnes ne répond pas. Réessayez dans quelques minutes.';
const IDP = "Le compte choisi n'a pas répondu comme attendu.";

export const refusals = {
  Y010004: denied(403, IDENTITY),
  Y010006: denied(403, IDENTITY),
  Y010007: denied(403, IDENTITY),
  Y010008: denied(403, IDENTITY),
  Y010009: denied(403, IDENTITY),
  Y010011: broken(504, UNAVAILABLE, 'temporarily_unavailable'),
  Y010012: broken(502, UNAVAILABLE, 'temporarily_unavailable'),
  Y010013: broken(502, UNAVAILABLE),
  Y010015: denied(403, 'Les identifiants utilisés correspondent à une identité qui ne permet plus la connexion.'),
  Y020017: broken(400, "Ce compte n'est pas disponible."),
  Y020019: broken(400, "Ce compte n'est pas disponible."),
  Y020021: broken(400, IDP, 'invalid_request'),
  Y020022: broken(403, IDP, 'invalid_request'),
  Y020023: denied(403, "Ce compte n'est pas accepté par ce service."),
  Y020025: broken(400, IDP),
  Y020026: broken(502, IDP),
  Y020027: broken(502, IDP),
  Y020029: broken(502, IDP),
  Y020030: broken(502, IDP),
  Y100001: denied(403, 'Le niveau de garantie du compte est trop bas.'),
  Y190001: denied(401, 'Votre session a expiré.'),
  // Its Y-code is not published; the name is ours.
  rep_scope: broken(400, 'Le mandat sélectionné ne contient pas les autorisations nécessaires à la connexion sur ce service.', 'access_denied'),
  // FranceConnect refuses a low level on a device that carried many identities. Neither code nor words are published:
  // error, description and text are ours, and say so little that nobody should depend on them.
  suspicious_context: { status: 403, error: 'access_denied', description: 'suspicious context', text: "Cet appareil a servi à beaucoup d'identités. La connexion est refusée par précaution." },
};
