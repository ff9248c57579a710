export class FileStore {
  put(key: string): string {
    return key;
  }
}
