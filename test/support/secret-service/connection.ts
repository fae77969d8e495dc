import { connect, type Socket } from 'node:net';
import { Reader, typesOf, Writer } from './wire.ts';

/** A message to or from the bus. `type`: 1 call, 2 return, 3 error, 4 signal. */
export interface Message {
  readonly type: number;
  readonly serial: number;
  readonly path?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly destination?: string;
  readonly sender?: string;
  readonly replyTo?: number;
  readonly sig: string;
  readonly body: readonly unknown[];
}

export type Outgoing = Partial<Omit<Message, 'serial'>> & { readonly type: number };

const FIELDS = {
  path: [1, 'o'],
  interface: [2, 's'],
  member: [3, 's'],
  replyTo: [5, 'u'],
  destination: [6, 's'],
} as const;

/** A connection to a D-Bus bus. */
export class BusConnection {
  readonly #socket: Socket;
  readonly #pending = new Map<number, (reply: Message) => void>();
  #serial = 0;
  #input = Buffer.alloc(0);
  onCall: (call: Message) => void = () => {};

  /** Connects to `unix:path=…`, authenticates, says Hello. */
  static async open(address: string): Promise<BusConnection> {
    const path = /unix:path=([^,;]+)/.exec(address)?.[1] ?? '';
    const socket = connect(path);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(process.getuid?.())).toString('hex')}\r\n`);
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    if (!answer.toString().startsWith('OK')) throw new Error(`the bus refused us: ${answer}`);
    socket.write('BEGIN\r\n');
    const connection = new BusConnection(socket);
    await connection.callBus('Hello', '');
    return connection;
  }

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#input = Buffer.concat([this.#input, chunk]);
      while (this.#takeMessage());
    });
    socket.on('error', () => {});
  }

  send(message: Outgoing): number {
    const serial = ++this.#serial;
    const sig = message.sig ?? '';
    const body = new Writer();
    for (const [index, type] of typesOf(sig).entries()) body.write(type, message.body?.[index]);
    const fields: unknown[] = [];
    for (const [name, [code, type]] of Object.entries(FIELDS)) {
      const value = message[name as keyof typeof FIELDS];
      if (value !== undefined) fields.push([code, { sig: type, value }]);
    }
    if (sig !== '') fields.push([8, { sig: 'g', value: sig }]);
    const header = new Writer();
    for (const byte of [0x6c, message.type, 0, 1]) header.write('y', byte);
    header.u32(body.bytes.length);
    header.u32(serial);
    header.write('a(yv)', fields);
    header.align(8);
    this.#socket.write(Buffer.concat([header.bytes, body.bytes]));
    return serial;
  }

  /** Calls a method of the bus itself; the reply, which may be an error (type 3). */
  callBus(member: string, sig: string, ...body: unknown[]): Promise<Message> {
    const bus = {
      path: '/org/freedesktop/DBus',
      interface: 'org.freedesktop.DBus',
      destination: 'org.freedesktop.DBus',
    };
    const serial = this.send({ type: 1, ...bus, member, sig, body });
    return new Promise((resolve) => this.#pending.set(serial, resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  #takeMessage(): boolean {
    if (this.#input.length < 16) return false;
    const fieldsEnd = 16 + this.#input.readUInt32LE(12);
    const bodyStart = Math.ceil(fieldsEnd / 8) * 8;
    const end = bodyStart + this.#input.readUInt32LE(4);
    if (this.#input.length < end) return false;
    const message = parse(this.#input.subarray(0, end), bodyStart);
    this.#input = this.#input.subarray(end);
    if (message.type === 1) this.onCall(message);
    else if (message.replyTo !== undefined) this.#pending.get(message.replyTo)?.(message);
    return true;
  }
}

function parse(bytes: Buffer, bodyStart: number): Message {
  const fields = new Map<number, unknown>();
  const head = new Reader(bytes);
  const [, type, , , , serial, list] = ['y', 'y', 'y', 'y', 'u', 'u', 'a(yv)'].map((part) => head.read(part));
  for (const [code, { value }] of list as [number, { value: unknown }][]) fields.set(code, value);
  const sig = String(fields.get(8) ?? '');
  const reader = new Reader(bytes.subarray(bodyStart));
  const text = (code: number): string => String(fields.get(code) ?? '');
  return {
    type: Number(type),
    serial: Number(serial),
    path: text(1),
    interface: text(2),
    member: text(3),
    sender: text(7),
    ...(fields.has(5) ? { replyTo: Number(fields.get(5)) } : {}),
    sig,
    body: typesOf(sig).map((part) => reader.read(part)),
  };
}
