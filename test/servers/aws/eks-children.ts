import { randomUUID } from 'node:crypto';
import { type ApiAnswer, type ApiCall, failureAnswer, jsonAnswer, parametersOf } from './api-call.ts';

type Json = Record<string, unknown>;

interface Place {
  readonly accountId: string;
  readonly region: string;
  readonly cluster: string;
}

/** What belongs to one cluster and moto does not have: updates, add-ons, access entries with their policies, pod identities. */
export class EksChildren {
  readonly #place: Place;
  readonly #updates = new Map<string, Json>();
  readonly #groups = new Map<string, Json>();
  readonly #addons = new Map<string, Json>();
  readonly #entries = new Map<string, Json>();
  readonly #policies = new Map<string, Json[]>();
  readonly #associations = new Map<string, Json>();

  constructor(place: Place) {
    this.#place = place;
  }

  newUpdate(): Json {
    const update = {
      id: randomUUID(),
      status: 'InProgress',
      type: 'ConfigUpdate',
      params: [],
      createdAt: seconds(),
      errors: [],
    };
    this.#updates.set(update.id, update);
    return { ...update };
  }

  patchGroup(name: string, change: Json): void {
    this.#groups.set(name, { ...this.#groups.get(name), ...change });
  }

  groupPatch(name: string): Json {
    return this.#groups.get(name) ?? {};
  }

  answer(call: ApiCall, [kind, ...rest]: readonly (string | undefined)[]): ApiAnswer {
    if (kind === 'updates') return this.#update(call, rest[0] ?? '');
    if (kind === 'addons') return this.#addon(call, rest[0], rest[1]);
    if (kind === 'access-entries')
      return this.#access(
        call,
        rest.filter((one) => one !== undefined),
      );
    if (kind === 'pod-identity-associations') return this.#association(call, rest[0]);
    return missing(call, call.path);
  }

  /** Undefined: the ARN is of something else. */
  tag(call: ApiCall, arn: string): ApiAnswer | undefined {
    const all = [...this.#addons.values(), ...this.#entries.values(), ...this.#associations.values()];
    const one = all.find((each) => [each.addonArn, each.accessEntryArn, each.associationArn].includes(arn));
    if (!one) return undefined;
    const tags = { ...(one.tags as Json) };
    if (call.method === 'POST') one.tags = { ...tags, ...(parametersOf(call).tags as Json) };
    if (call.method === 'DELETE') {
      for (const key of call.query.getAll('tagKeys')) delete tags[key];
      one.tags = tags;
    }
    return jsonAnswer(200, call.method === 'GET' ? { tags } : {});
  }

  #arn(path: string): string {
    const { accountId, region, cluster } = this.#place;
    return `arn:aws:eks:${region}:${accountId}:${path.replace('CLUSTER', cluster)}/${randomUUID()}`;
  }

  /** The first look says that it is under way, the next that it is done. */
  #update(call: ApiCall, id: string): ApiAnswer {
    const update = this.#updates.get(id);
    if (!update) return missing(call, `No update found for id: ${id}.`);
    const answer = jsonAnswer(200, { update });
    update.status = 'Successful';
    return answer;
  }

  #addon(call: ApiCall, name: string | undefined, verb: string | undefined): ApiAnswer {
    const asked = parametersOf(call) as Json & { addonName: string };
    if (name === undefined && call.method === 'GET') return jsonAnswer(200, { addons: [...this.#addons.keys()] });
    if (name === undefined) return this.#createAddon(call, asked);
    const addon = this.#addons.get(name);
    if (!addon) return missing(call, `No addon: ${name} found in cluster: ${this.#place.cluster}`);
    if (verb === 'update') {
      const { clientRequestToken: _, resolveConflicts: _r, podIdentityAssociations, ...change } = asked;
      Object.assign(addon, change, { modifiedAt: seconds() });
      if (podIdentityAssociations !== undefined) this.#giveIdentities(addon, podIdentityAssociations as Json[]);
      return jsonAnswer(200, { update: this.newUpdate() });
    }
    if (call.method === 'DELETE') {
      this.#giveIdentities(addon, []);
      this.#addons.delete(name);
      return jsonAnswer(200, { addon: { ...addon, status: 'DELETING' } });
    }
    const answer = jsonAnswer(200, { addon });
    addon.status = 'ACTIVE';
    return answer;
  }

  #createAddon(call: ApiCall, asked: Json & { readonly addonName: string }): ApiAnswer {
    if (this.#addons.has(asked.addonName)) return conflict(call, `Addon already exists.`);
    const { clientRequestToken: _, resolveConflicts: _r, podIdentityAssociations = [], ...given } = asked;
    const addon: Json = {
      addonVersion: 'v1.20.4-eksbuild.2',
      tags: {},
      ...given,
      clusterName: this.#place.cluster,
      status: 'CREATING',
      health: { issues: [] },
      addonArn: this.#arn(`addon/CLUSTER/${asked.addonName}`),
      createdAt: seconds(),
      modifiedAt: seconds(),
    };
    this.#giveIdentities(addon, podIdentityAssociations as Json[]);
    this.#addons.set(asked.addonName, addon);
    return jsonAnswer(200, { addon });
  }

  /** EKS makes and deletes the associations that belong to an add-on. */
  #giveIdentities(addon: Json, wanted: readonly Json[]): void {
    for (const arn of (addon.podIdentityAssociations as string[] | undefined) ?? [])
      this.#associations.delete(arn.split('/').at(-1)!);
    addon.podIdentityAssociations = wanted.map(
      (one) => this.#newAssociation({ namespace: 'kube-system', ...one }).associationArn,
    );
  }

  #newAssociation(given: Json): Json & { associationArn: string } {
    const associationId = `a-${randomUUID().replaceAll('-', '').slice(0, 17)}`;
    const { accountId, region, cluster } = this.#place;
    const associationArn = `arn:aws:eks:${region}:${accountId}:podidentityassociation/${cluster}/${associationId}`;
    const { clientRequestToken: _, ...kept } = given;
    const association = {
      tags: {},
      disableSessionTags: false,
      ...kept,
      clusterName: cluster,
      associationArn,
      associationId,
      createdAt: seconds(),
      modifiedAt: seconds(),
    };
    this.#associations.set(associationId, association);
    return association;
  }

  #association(call: ApiCall, id: string | undefined): ApiAnswer {
    const asked = parametersOf(call) as Json;
    if (id === undefined) {
      const associations = [...this.#associations.values()];
      if (call.method === 'GET') return jsonAnswer(200, { associations });
      const taken = associations.some(
        (one) => one.namespace === asked.namespace && one.serviceAccount === asked.serviceAccount,
      );
      if (taken) return conflict(call, 'Association already exists for this service account');
      return jsonAnswer(200, { association: this.#newAssociation(asked) });
    }
    const association = this.#associations.get(id);
    if (!association) return missing(call, `No association found for id: ${id}`);
    if (call.method === 'DELETE') this.#associations.delete(id);
    if (call.method === 'POST') Object.assign(association, asked, { modifiedAt: seconds() });
    return jsonAnswer(200, { association });
  }

  #access(call: ApiCall, rest: readonly string[]): ApiAnswer {
    const [principal, kind, ...policy] = rest;
    const asked = parametersOf(call) as Json & { principalArn: string };
    if (principal === undefined && call.method === 'GET')
      return jsonAnswer(200, { accessEntries: [...this.#entries.keys()] });
    if (principal === undefined) return this.#createEntry(call, asked);
    const entry = this.#entries.get(principal);
    if (!entry) return missing(call, `The specified principalArn could not be found: ${principal}`);
    if (kind === 'access-policies') return this.#accessPolicy(call, principal, policy.join('/'));
    if (call.method === 'DELETE') {
      this.#entries.delete(principal);
      this.#policies.delete(principal);
      return jsonAnswer(200, {});
    }
    if (call.method === 'POST') Object.assign(entry, asked, { modifiedAt: seconds() });
    return jsonAnswer(200, { accessEntry: entry });
  }

  #createEntry(
    call: ApiCall,
    { clientRequestToken: _, ...asked }: Json & { readonly principalArn?: string },
  ): ApiAnswer {
    const principalArn = asked.principalArn as string;
    if (this.#entries.has(principalArn))
      return conflict(call, 'The specified access entry resource is already in use on this cluster.');
    const entry: Json = {
      kubernetesGroups: [],
      username: principalArn,
      type: 'STANDARD',
      tags: {},
      ...asked,
      clusterName: this.#place.cluster,
      accessEntryArn: this.#arn(`access-entry/CLUSTER/role`),
      createdAt: seconds(),
      modifiedAt: seconds(),
    };
    this.#entries.set(principalArn, entry);
    return jsonAnswer(200, { accessEntry: entry });
  }

  #accessPolicy(call: ApiCall, principal: string, policyArn: string): ApiAnswer {
    const given = this.#policies.get(principal) ?? [];
    const others = (arn: unknown) => given.filter((one) => one.policyArn !== arn);
    if (call.method === 'POST') {
      const asked = parametersOf(call) as Json;
      const policy = { ...asked, associatedAt: seconds(), modifiedAt: seconds() };
      this.#policies.set(principal, [...others(asked.policyArn), policy]);
      return jsonAnswer(200, {
        clusterName: this.#place.cluster,
        principalArn: principal,
        associatedAccessPolicy: policy,
      });
    }
    if (call.method === 'DELETE') {
      this.#policies.set(principal, others(policyArn));
      return jsonAnswer(200, {});
    }
    return jsonAnswer(200, {
      clusterName: this.#place.cluster,
      principalArn: principal,
      associatedAccessPolicies: given,
    });
  }
}

function seconds(): number {
  return Date.now() / 1000;
}

function missing(call: ApiCall, message: string): ApiAnswer {
  return failureAnswer(call, { code: 'ResourceNotFoundException', message, status: 404 });
}

function conflict(call: ApiCall, message: string): ApiAnswer {
  return failureAnswer(call, { code: 'ResourceInUseException', message, status: 409 });
}
