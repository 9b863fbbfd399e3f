import { closeSync, openSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ServiceError } from '@grpc/grpc-js';
import { messageOf, userError } from '../../foundation/errors.ts';
import type { EngineEvent } from '../deploy/events.ts';
import { createEventEncoder, type EventJson } from './event-json.ts';

/** Where `--event-log` sends the events of an operation. */
export interface EventLog {
  write(event: EngineEvent): void;
  /** Resolves when every event has arrived. */
  close(): Promise<void>;
}

/**
 * `tcp://host:port` is a server of Pulumi's `Events` service (proto/pulumi/events.proto), as the Automation API starts one; anything
 * else is a file that gets one event a line. Throws a user error where the file cannot be opened.
 */
export async function openEventLog(
  place: string,
  options: {
    readonly directory: string;
    readonly showSecrets: boolean;
    readonly color: string;
    readonly now: () => number;
  },
): Promise<EventLog> {
  const encode = createEventEncoder(options);
  const sink = place.startsWith('tcp://')
    ? await openStream(place.slice('tcp://'.length))
    : openFile(place, options.directory);
  return {
    write: (event) => sink.write(encode(event)),
    close: () => sink.close(),
  };
}

interface JsonSink {
  write(event: EventJson): void;
  close(): Promise<void>;
}

function openFile(place: string, directory: string): JsonSink {
  const file = resolve(directory, place);
  let descriptor: number;
  try {
    descriptor = openSync(file, 'w');
  } catch (cause) {
    throw userError(`Cannot write the event log: ${messageOf(cause)}. Correct --event-log.`, {
      place: { file },
      cause,
    });
  }
  return {
    write: (event) => void writeSync(descriptor, `${JSON.stringify(event)}\n`),
    close: async () => closeSync(descriptor),
  };
}

async function openStream(address: string): Promise<JsonSink> {
  const [{ default: grpc }, { default: services }, { default: messages }] = await Promise.all([
    import('@grpc/grpc-js'),
    import('@pulumi/pulumi/proto/events_grpc_pb.js'),
    import('@pulumi/pulumi/proto/events_pb.js'),
  ]);
  const client = new services.EventsClient(address, grpc.credentials.createInsecure());
  let failure: ServiceError | undefined;
  let finished: () => void = () => {};
  const answered = new Promise<void>((done) => {
    finished = done;
  });
  const stream = client.streamEvents((error: ServiceError | null) => {
    failure = error ?? undefined;
    finished();
  });
  return {
    write(event) {
      const request = new messages.EventRequest();
      request.setEvent(JSON.stringify(event));
      stream.write(request);
    },
    async close() {
      stream.end();
      await answered;
      client.close();
      if (failure)
        throw userError(
          `Cannot send the engine events as their receiver failed: ${failure.message}. Check --event-log.`,
          { cause: failure },
        );
    },
  };
}
